using System.Linq;
using NUnit.Framework;

namespace FlashHead.Tests
{
    [TestFixture]
    public class ShapeNamesTests
    {
        static string Meant(string shape)
        {
            var column = ShapeNames.ColumnOf(shape);
            if (column < 0) return null;
            return ShapeNames.IsViseme(column) ? "viseme " + Names.Visemes[column - Names.Arkit.Count] : Names.Arkit[column];
        }

        [TestCase("jawOpen", "jawOpen")]
        [TestCase("JawOpen", "jawOpen")]
        [TestCase("jaw_open", "jawOpen")]
        [TestCase("Jaw Open", "jawOpen")]
        [TestCase("eyeBlink_L", "eyeBlinkLeft")]
        [TestCase("EyeBlinkRight", "eyeBlinkRight")]
        [TestCase("Mouth_Smile_R", "mouthSmileRight")]
        [TestCase("blendShape2.eyeBlink_L", "eyeBlinkLeft")]
        [TestCase("Face|jawOpen", "jawOpen")]
        [TestCase("head:jawOpen", "jawOpen")]
        [TestCase("Wolf3D_Head_jawOpen", "jawOpen")]
        [TestCase("A25_Jaw_Open", "jawOpen")]
        [TestCase("A06_Eye_Look_Up_Left", "eyeLookUpLeft")]
        [TestCase("viseme_PP", "viseme PP")]
        [TestCase("viseme_sil", "viseme sil")]
        [TestCase("viseme_I", "viseme ih")]
        [TestCase("viseme_O", "viseme oh")]
        [TestCase("viseme_U", "viseme ou")]
        [TestCase("vrc.v_nn", "viseme nn")]
        [TestCase("Body_baked.vrc.v_e", "viseme E")]
        public void ANameIsKnownAsItIsWritten(string shape, string meant)
        {
            Assert.That(Meant(shape), Is.EqualTo(meant));
        }

        // Character Creator's shapes that end like one of ARKit's and are others.
        [TestCase("Tongue_L")]
        [TestCase("Mouth_Pull_Upper_L")]
        [TestCase("Mouth_Smile_Sharp_L")]
        [TestCase("Brow_Raise_Inner_L")]
        [TestCase("Eye_L_Look_L")]
        [TestCase("V_Open")]
        [TestCase("Fcl_MTH_E")]
        [TestCase("jawOpener")]
        [TestCase("my_viseme_PP")]
        [TestCase("Fat")]
        [TestCase("")]
        public void AnotherNameIsNone(string shape)
        {
            Assert.That(Meant(shape), Is.Null);
        }

        [Test]
        public void EveryNameOfTheLibraryIsItself()
        {
            Assert.That(Names.Arkit.Select(Meant), Is.EqualTo(Names.Arkit));
            Assert.That(Names.Visemes.Select(viseme => Meant("viseme_" + viseme)), Is.EqualTo(Names.Visemes.Select(v => "viseme " + v)));
        }
    }
}
