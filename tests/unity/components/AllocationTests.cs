using System;
using System.Diagnostics;
using System.Reflection;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.UI;

namespace FlashHead.Tests
{
    /// <summary>The components called as Unity does, without the reflection of the hand-written engine, a million times.</summary>
    [TestFixture]
    public class AllocationTests : Scene
    {
        static object _kept;

        static Action Message(MonoBehaviour component, string name) =>
            (Action)Delegate.CreateDelegate(
                typeof(Action), component, component.GetType().GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic));

        /// <summary>A head that speaks with a picture on a material and in a RawImage, and a face; `each` is done in each frame.</summary>
        int Collections(Action each)
        {
            var mesh = new SkinnedMeshRenderer { sharedMesh = new Mesh("jawOpen", "eyeBlinkLeft", "mouthPucker") };
            var head = Head();
            var picture = Engine.Add<FlashHeadVideoTarget>(it => { it.Head = head; it.Renderer = new Renderer(); it.RawImage = new RawImage(); });
            var face = Engine.Add<FlashHeadBlendShapeTarget>(it => { it.Head = head; it.Meshes = new[] { mesh }; it.Smoothing = 0.05f; });
            head.Speak(Clip(120));
            Assert.That(Until(() => head.HasFace && head.Picture != null && head.AudioTime > 0.2, 5));
            var messages = new[] { Message(head, "Update"), Message(picture, "LateUpdate"), Message(face, "LateUpdate") };
            var fromS = Engine.NowS;
            var shown = ((Texture2D)head.Picture).applied;
            var watch = Stopwatch.StartNew();
            var collections = Live.Collections(() =>
            {
                Engine.NowS = fromS + watch.Elapsed.TotalSeconds;
                for (var i = 0; i < messages.Length; i++) messages[i]();
                each();
            });
            Assert.That(((Texture2D)head.Picture).applied - shown, Is.GreaterThan(25), "and it did speak");
            head.Cancel();
            return collections;
        }

        [Test]
        public void AFrameOfTheComponentsAllocatesNothing()
        {
            Assert.That(Collections(() => { }), Is.EqualTo(0));
        }

        [Test]
        public void OneObjectAFrameWouldBeSeen()
        {
            Assert.That(Collections(() => _kept = new object()), Is.GreaterThan(0));
            Assert.That(_kept, Is.Not.Null);
        }
    }
}
